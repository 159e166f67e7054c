"""The volumes of a pod, as kubelet makes them."""

from collections.abc import Iterable, Iterator

from backupgen.adapters.rehearsal.container import Bind
from backupgen.adapters.rehearsal.enclosure import Enclosure, File, Users
from backupgen.rehearsal.pod import Container, Pod, StagedVolume


class Volumes:
    """The volumes of one pod: made at once, removed with the pod."""

    def __init__(self, enclosure: Enclosure, pod: Pod, name: str) -> None:
        """Make them. Raises EnclosureError."""
        self._enclosure = enclosure
        self._folder = f"{enclosure.root}/pods/{name}"
        self._volumes = {volume.name: volume for volume in pod.volumes}
        files = [file for volume in pod.volumes for file in self._files(volume, pod.fs_group)]
        enclosure.put([File(self._folder, None, mode=0o755), *files])
        enclosure.script(command for volume in pod.volumes for command in self._commands(volume, pod.fs_group))

    def place(self, volume: StagedVolume) -> str:
        """Return where a volume lies in the enclosure."""
        return place_of(self._enclosure, volume.place) if volume.place else f"{self._folder}/{volume.name}"

    def _files(self, volume: StagedVolume, group: int | None) -> Iterator[File]:
        """What comes from a ConfigMap or Secret: links over one folder, so that kubelet can replace all at once."""
        place = self.place(volume)
        if volume.files is None:
            return
        yield File(place, None, gid=group or 0, mode=0o755)
        yield File(f"{place}/..made", None, gid=group or 0, mode=0o755)
        yield File(f"{place}/..data", b"", link="..made")
        for name, text in volume.files.items():
            yield File(f"{place}/..made/{name}", text.encode(), gid=group or 0, mode=volume.mode)
            yield File(f"{place}/{name}", b"", link=f"..data/{name}")

    def _commands(self, volume: StagedVolume, group: int | None) -> Iterator[list[str]]:
        place = self.place(volume)
        if volume.files is not None:
            return
        yield ["mkdir", "-p", "--", place]
        if not volume.place:
            if volume.size:
                yield ["mount", "-t", "tmpfs", "-o", f"size={volume.size}", "backupgen", place]
            yield ["chmod", "0777", place]
        if volume.owned and group is not None and self._enclosure.users is not Users.ONE:
            yield ["chgrp", "-R", str(group), place]
            yield ["chmod", "-R", "g+rwX", place]
            yield ["chmod", "g+s", place]

    def binds(self, container: Container) -> tuple[Bind, ...]:
        """Return a container's mounts. A folder that a subPath names and that is missing is made, as kubelet does."""
        binds = tuple(self._bind(container))
        missing = [mount for mount in container.mounts if mount.sub_path]
        if missing:
            make = 'for place; do [ -e "$place" ] || mkdir -p -m 0750 -- "$place"; done'
            self._enclosure.run(["sh", "-c", make, "sh", *self._sub_paths(container)])
        return binds

    def _sub_paths(self, container: Container) -> Iterable[str]:
        return (
            f"{self.place(self._volumes[mount.volume])}/{mount.sub_path}"
            for mount in container.mounts
            if mount.sub_path
        )

    def _bind(self, container: Container) -> Iterator[Bind]:
        for mount in container.mounts:
            volume = self._volumes[mount.volume]
            place = self.place(volume)
            if mount.sub_path:
                place = f"{place}/{mount.sub_path}"
            # kubelet mounts what comes from the API read-only, whatever the pod says.
            yield Bind(place, mount.path, mount.read_only or volume.files is not None)

    def remove(self) -> None:
        """Remove what does not outlive the pod."""
        mounted = [one for one in self._volumes.values() if not one.place and one.files is None and one.size]
        self._enclosure.script(
            [*(["umount", "--lazy", self.place(volume)] for volume in mounted), ["rm", "-rf", "--", self._folder]]
        )


def place_of(enclosure: Enclosure, place: str) -> str:
    """Return where in the enclosure something lies that outlives pods: a claim, a folder of the node."""
    return f"{enclosure.root}/volumes/{place}"
