import type { Block } from "../document";
import { unbroken } from "../format";
import { ChartView } from "./chart_view";
import { CodeView } from "./code_view";
import { ConfusionMatrix } from "./confusion_matrix";
import { DataTable } from "./data_table";
import { FactTiles } from "./facts";
import { PictureSheetFigure } from "./picture_sheet";

export function BlockView({ block }: { block: Block }) {
  switch (block.type) {
    case "paragraph":
      return <p class="prose">{unbroken(block.text)}</p>;
    case "facts":
      return <FactTiles facts={block.facts} />;
    case "table":
      return <DataTable table={block} />;
    case "chart":
      return <ChartView chart={block} />;
    case "pictures":
      return <PictureSheetFigure sheet={block} />;
    case "confusion":
      return <ConfusionMatrix confusion={block} />;
    case "code":
      return <CodeView code={block} />;
    case "side-by-side":
      return (
        <div class="side-by-side">
          {block.blocks.map((one) => (
            <div>
              <BlockView block={one} />
            </div>
          ))}
        </div>
      );
  }
}
