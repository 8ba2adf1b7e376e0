// Entry of app_report.js: what only a model's report needs, the charts above all.

export { ReportPage } from "../components/report_page";
