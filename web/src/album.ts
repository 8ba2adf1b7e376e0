// The pictures of a report, cut from their sheets by CSS.

import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Atlas } from "./document";

/** Styles that show one picture. */
export interface PictureStyle {
  [property: string]: string;
}

function objectUrl(dataUri: string): string {
  const comma = dataUri.indexOf(",");
  const text = atob(dataUri.slice(comma + 1));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  return URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
}

export class Album {
  private readonly urls: string[] = [];

  constructor(private readonly atlas: Atlas) {}

  /**
   * @param size  of the longer side, in pixels; small pictures get the largest whole multiple
   *              of theirs that fits
   * @return      null if there is no such picture
   */
  style(picture: number, size: number): PictureStyle | null {
    const place = this.atlas.places[picture];
    if (place === undefined) return null;
    const [index, cell] = place;
    const sheet = this.atlas.sheets[index];
    const longer = Math.max(sheet.width, sheet.height);
    const scale = longer <= size ? Math.floor(size / longer) : size / longer;
    const width = sheet.width * scale;
    const height = sheet.height * scale;
    const column = cell % sheet.columns;
    const row = Math.floor(cell / sheet.columns);
    return {
      width: `${width}px`,
      height: `${height}px`,
      backgroundImage: `url(${this.url(index)})`,
      backgroundSize: `${width * sheet.columns}px ${height * sheet.rows}px`,
      backgroundPosition: `${-column * width}px ${-row * height}px`,
      imageRendering: scale >= 1 ? "pixelated" : "auto",
    };
  }

  /** One short address a sheet: a data URI in every picture's style would be slow. */
  private url(sheet: number): string {
    this.urls[sheet] ??= objectUrl(this.atlas.sheets[sheet].png);
    return this.urls[sheet];
  }
}

export const AlbumContext = createContext(new Album({ sheets: [], places: [] }));

export function useAlbum(): Album {
  return useContext(AlbumContext);
}
