import { useEffect, useRef, useState } from "preact/hooks";

import { makePicture, type Picture } from "./pictures";

const IDEAL_SIDE = 1280;
const JPEG_QUALITY = 0.92;

/** Browsers lend cameras to pages of https and of this computer only. */
export function hasCamera(): boolean {
  return typeof navigator.mediaDevices?.getUserMedia === "function";
}

function reason(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "The browser does not lend the camera to this page.";
  if (name === "NotFoundError") return "There is no camera.";
  return "The camera cannot be used.";
}

type Film = { state: "opening" } | { state: "running" } | { state: "failed"; message: string };

/** A view through the camera and a button to take what it shows. */
export function Camera({ onPicture }: { onPicture: (picture: Picture) => void }) {
  const [film, setFilm] = useState<Film>({ state: "opening" });
  const video = useRef<HTMLVideoElement>(null);

  useEffect(() => {
    let stream: MediaStream | null = null;
    let gone = false;
    const stop = () => stream?.getTracks().forEach((track) => track.stop());
    const size = { width: { ideal: IDEAL_SIDE }, height: { ideal: IDEAL_SIDE } };
    navigator.mediaDevices.getUserMedia({ video: { ...size, facingMode: "environment" } }).then(
      (opened) => {
        stream = opened;
        if (gone) stop();
        else if (video.current !== null) video.current.srcObject = opened;
      },
      (error: unknown) => setFilm({ state: "failed", message: reason(error) }),
    );
    return () => {
      gone = true;
      stop();
    };
  }, []);

  const take = () => {
    const seen = video.current;
    if (seen === null || seen.videoWidth === 0) return;
    const canvas = document.createElement("canvas");
    canvas.width = seen.videoWidth;
    canvas.height = seen.videoHeight;
    canvas.getContext("2d")?.drawImage(seen, 0, 0);
    canvas.toBlob(
      (blob) => {
        if (blob !== null) onPicture(makePicture(blob, "photo.jpg"));
      },
      "image/jpeg",
      JPEG_QUALITY,
    );
  };

  if (film.state === "failed") {
    return (
      <p class="panel refused" role="alert">
        {film.message} Choose a picture instead.
      </p>
    );
  }
  return (
    <div class="panel camera">
      <video
        ref={video}
        autoplay
        muted
        playsInline
        aria-label="What the camera sees"
        onPlaying={() => setFilm({ state: "running" })}
      />
      <button type="button" class="primary" disabled={film.state !== "running"} onClick={take}>
        Take the picture
      </button>
    </div>
  );
}
