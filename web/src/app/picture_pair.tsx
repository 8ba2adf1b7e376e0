import { useState } from "preact/hooks";

import type { Picture } from "./pictures";

/** Pictures up to this width are shown with their pixels sharp. */
const TINY = 64;

interface OriginalProps {
  picture: Picture;
  /** Empty where the name stands beside it. */
  alt: string;
}

/** The picture as it came in, or a sign that the browser cannot show it. */
export function Original({ picture, alt }: OriginalProps) {
  const [broken, setBroken] = useState<number | null>(null);
  if (broken === picture.id) {
    return (
      <span class="no-picture" aria-hidden="true">
        ?
      </span>
    );
  }
  return (
    <img
      class="original"
      src={picture.url}
      alt={alt}
      loading="lazy"
      decoding="async"
      onLoad={({ currentTarget: shown }) =>
        shown.classList.toggle("tiny", shown.naturalWidth <= TINY)
      }
      onError={() => setBroken(picture.id)}
    />
  );
}

/** Its pixels kept sharp. */
export function Seen({ seen, size }: { seen: string; size: number }) {
  return <img class="seen" src={seen} alt="As the model saw it" width={size} height={size} />;
}

/** The picture beside what the model saw of it. */
export function PicturePair({ picture, seen }: { picture: Picture; seen: string | undefined }) {
  return (
    <div class="pair-of-pictures">
      <figure>
        <Original picture={picture} alt={picture.name} />
        <figcaption class="file-name" title={picture.name}>
          {picture.name}
        </figcaption>
      </figure>
      {seen !== undefined && (
        <figure>
          <Seen seen={seen} size={140} />
          <figcaption>As the model saw it</figcaption>
        </figure>
      )}
    </div>
  );
}
