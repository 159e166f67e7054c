// A dashboard whose panels are closed: each has the options and the field settings of its own type, which Grafana's own type
// of a dashboard leaves open. What an override sets is judged by tests/dashboards.py, with the schema of that setting.
import type * as grafana from '@grafana/schema';
import type * as stat from './node_modules/@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as timeline from './node_modules/@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from './node_modules/@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from './node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

interface DataSource {
  type: 'prometheus';
  uid: string;
}

/** A query as the editor of Grafana's Prometheus data source writes it. */
interface Query {
  refId: string;
  datasource: DataSource;
  expr: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  range: boolean;
  legendFormat?: string;
  interval?: string;
}

/** The transformations of @grafana/data that backupgen uses. */
type Transformation =
  | { id: 'merge'; options: Record<never, never> }
  | { id: 'filterFieldsByName'; options: { include: { pattern: string } } }
  | {
      id: 'organize';
      options: {
        excludeByName: Record<string, boolean>;
        indexByName: Record<string, number>;
        renameByName: Record<string, string>;
      };
    };

/** A link in a cell, or of a point. */
interface DataLink {
  title: string;
  url: string;
  targetBlank: boolean;
}

type Defaults = Omit<grafana.FieldConfig, 'custom' | 'links'> & { links?: DataLink[] };

interface Typed<Kind extends string, Options, Custom> {
  type: Kind;
  options: Options;
  targets: Query[];
  datasource: DataSource;
  fieldConfig: {
    defaults: Defaults & { custom?: Partial<Custom> };
    overrides: Array<{
      matcher: { id: 'byName'; options: string };
      properties: Array<{ id: string; value: unknown }>;
    }>;
  };
  transformations?: Transformation[];
  id: number;
  title: string;
  gridPos: grafana.Panel['gridPos'];
  description?: string;
  links?: grafana.DashboardLink[];
  timeFrom?: string;
  maxDataPoints?: number;
  interval?: string;
}

type Panel =
  | Typed<'stat', stat.Options, Record<never, never>>
  | Typed<'table', table.Options, table.FieldConfig>
  | Typed<'state-timeline', timeline.Options, timeline.FieldConfig>
  | Typed<'timeseries', timeseries.Options, timeseries.FieldConfig>;

export type BackupDashboard = Omit<grafana.Dashboard, 'panels'> & { uid: string; title: string; panels: Panel[] };
