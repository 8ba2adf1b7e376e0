// ECharts with what only the page needs: a canvas for charts of many marks.

import { CanvasRenderer } from "echarts/renderers";

import { init, use } from "./echarts";

use([CanvasRenderer]);

export { init };
