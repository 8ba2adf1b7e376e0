import type { PictureSheet } from "../document";
import { PictureList } from "./picture_list";

const SIZE = 64;

export function PictureSheetFigure({ sheet }: { sheet: PictureSheet }) {
  return (
    <figure class="sheet" id={sheet.id}>
      {sheet.title !== "" && <figcaption>{sheet.title}</figcaption>}
      {sheet.groups.map(({ title, cells }) => (
        <div class={title === "" ? "group untitled" : "group"}>
          {title !== "" && <h4>{title}</h4>}
          <div>
            <PictureList cells={cells} size={SIZE} />
          </div>
        </div>
      ))}
    </figure>
  );
}
