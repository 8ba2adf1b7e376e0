// Where pictures come from: dropped, chosen, photographed or drawn.

import { useRef, useState } from "preact/hooks";

import { Camera, hasCamera } from "./camera";
import { DrawingPad } from "./drawing_pad";
import { CameraIcon, FolderIcon, PencilIcon, ShirtIcon } from "./icons";
import type { Picture } from "./pictures";

type Panel = "camera" | "pad" | null;

interface Props {
  /** Pictures are there: smaller, to leave them the room. */
  compact: boolean;
  dragging: boolean;
  onFiles: (files: File[]) => void;
  /** Photographed or drawn; null: what was drawn is no more. */
  onPicture: (picture: Picture | null) => void;
  /** The camera or the drawing pad is open. */
  onPanel: (open: boolean) => void;
}

const touch = matchMedia("(pointer: coarse)");

export function Source({ compact, dragging, onFiles, onPicture, onPanel }: Props) {
  const [panel, setPanel] = useState<Panel>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const phoneCamera = useRef<HTMLInputElement>(null);

  const open = (next: Panel) => {
    setPanel(next);
    onPanel(next !== null);
  };
  const toggle = (one: Panel) => open(panel === one ? null : one);
  const chosen = (event: { currentTarget: HTMLInputElement }) => {
    onFiles([...(event.currentTarget.files ?? [])]);
    // The same file again is a choice, too.
    event.currentTarget.value = "";
  };
  // A telephone's own camera takes better photos than a page does.
  const photograph = () => {
    if (touch.matches || !hasCamera()) phoneCamera.current?.click();
    else toggle("camera");
  };
  const onZone = (event: MouseEvent) => {
    if (panel === null && !(event.target as Element).closest("button, input")) {
      chooser.current?.click();
    }
  };

  const look = ["zone", compact || panel !== null ? "compact" : "", dragging ? "dragging" : ""];
  return (
    <section class={look.filter((name) => name !== "").join(" ")} aria-label="Pictures in">
      <div class="zone-drop" onClick={onZone}>
        <ShirtIcon />
        <p class="zone-call">{dragging ? "Let go to see" : "Drop pictures here"}</p>
        <div class="zone-actions">
          <button type="button" class="primary" onClick={() => chooser.current?.click()}>
            <FolderIcon />
            Choose pictures
          </button>
          {(hasCamera() || touch.matches) && (
            <button type="button" aria-expanded={panel === "camera"} onClick={photograph}>
              <CameraIcon />
              {panel === "camera" ? "Close the camera" : "Take a photo"}
            </button>
          )}
          <button type="button" aria-expanded={panel === "pad"} onClick={() => toggle("pad")}>
            <PencilIcon />
            {panel === "pad" ? "Close the pad" : "Draw one"}
          </button>
        </div>
        <p class="zone-hint">or paste one. PNG, JPEG or WebP, as many as you like.</p>
        <input
          ref={chooser}
          type="file"
          hidden
          multiple
          accept="image/png,image/jpeg,image/webp"
          data-purpose="choose"
          onChange={chosen}
        />
        <input
          ref={phoneCamera}
          type="file"
          hidden
          accept="image/*"
          capture="environment"
          data-purpose="photograph"
          onChange={chosen}
        />
      </div>
      {panel === "camera" && <Camera onPicture={onPicture} />}
      {panel === "pad" && <DrawingPad onPicture={onPicture} />}
    </section>
  );
}
