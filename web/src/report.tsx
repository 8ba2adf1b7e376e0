import type { Report } from "./document";

const data = document.getElementById("report-data");
const app = document.getElementById("app");
if (data !== null && app !== null) {
  const report = JSON.parse(data.textContent || "{}") as Report;
  const title = document.createElement("h1");
  title.textContent = report.title;
  app.append(title);
}
