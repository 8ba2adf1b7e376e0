// Pictures as they come in: chosen, dropped, pasted, photographed or drawn.

export interface Picture {
  id: number;
  name: string;
  blob: Blob;
  /** An object URL for showing it. */
  url: string;
}

/** From here on a photo is scaled down before it is sent. */
const MOST_BYTES = 4_000_000;
const MOST_PIXELS_A_SIDE = 2000;
const SCALED_SIDE = 1600;
const JPEG_QUALITY = 0.92;

/** Files below this are never opened here: too few bytes for so many pixels, mostly. */
const SMALL_BYTES = 300_000;

let made = 0;

export function makePicture(blob: Blob, name: string): Picture {
  return { id: ++made, name, blob, url: URL.createObjectURL(blob) };
}

export function forgetPicture(picture: Picture): void {
  URL.revokeObjectURL(picture.url);
}

function drawn(bitmap: ImageBitmap, type: string): Promise<Blob | null> {
  const scale = Math.min(1, SCALED_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  if (context === null) return Promise.resolve(null);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, type, JPEG_QUALITY));
}

/**
 * What is sent: the file itself, or a smaller copy of a big photo, upright. A file that the browser
 * cannot open is sent as it is, for the service to say what is wrong with it.
 */
export async function upload(blob: Blob): Promise<Blob> {
  if (blob.size < SMALL_BYTES) return blob;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch {
    return blob;
  }
  try {
    const longest = Math.max(bitmap.width, bitmap.height);
    if (longest <= MOST_PIXELS_A_SIDE && blob.size <= MOST_BYTES) return blob;
    // Only PNG keeps what is transparent.
    return (await drawn(bitmap, blob.type === "image/jpeg" ? "image/jpeg" : "image/png")) ?? blob;
  } finally {
    bitmap.close();
  }
}
