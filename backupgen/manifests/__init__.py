"""Plan -> ManifestSet. The only package that knows Jinja2, and the only one that knows what a manifest looks like.

Input: a `Plan` and the templates. Output: the text of every file. Never: a fleet, a flag, a written file.
"""

from backupgen.manifests.codes import CODES
from backupgen.manifests.render import (
    ManifestSet,
    is_placeholder,
    placeholder,
    render_plan,
    render_restore,
    render_secret,
)
from backupgen.manifests.sizes import judge_sizes
from backupgen.manifests.templates import TemplateFaultError, Templates, TemplatesMissingError, load_templates

__all__ = [
    "CODES",
    "ManifestSet",
    "TemplateFaultError",
    "Templates",
    "TemplatesMissingError",
    "is_placeholder",
    "judge_sizes",
    "load_templates",
    "placeholder",
    "render_plan",
    "render_restore",
    "render_secret",
]
