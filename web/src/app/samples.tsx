import { useEffect, useState } from "preact/hooks";

import { ApiError, type Api, type Sample } from "./api";
import { makePicture, type Picture } from "./pictures";

interface Drawn {
  sample: Sample;
  blob: Blob;
  url: string;
}

async function load(api: Api): Promise<Drawn[]> {
  try {
    return await Promise.all(
      (await api.samples()).map(async (sample) => {
        const blob = await api.sample(sample);
        return { sample, blob, url: URL.createObjectURL(blob) };
      }),
    );
  } catch (error) {
    // The page does without.
    if (error instanceof ApiError) return [];
    throw error;
  }
}

/** Pictures to try it with. */
export function Samples({ api, onPicture }: { api: Api; onPicture: (one: Picture) => void }) {
  const [samples, setSamples] = useState<Drawn[]>([]);
  useEffect(() => {
    let drawn: Drawn[] = [];
    let gone = false;
    const forget = () => drawn.forEach(({ url }) => URL.revokeObjectURL(url));
    void load(api).then((loaded) => {
      drawn = loaded;
      if (gone) forget();
      else setSamples(loaded);
    });
    return () => {
      gone = true;
      forget();
    };
  }, [api]);

  if (samples.length === 0) return null;
  return (
    <section class="samples" aria-labelledby="samples-title">
      <h2 id="samples-title">Or try one of these</h2>
      <ul>
        {samples.map(({ sample, blob, url }, i) => (
          <li key={sample.id}>
            <button
              type="button"
              aria-label={`Try sample ${i + 1}, ${sample.class}`}
              title={sample.class}
              onClick={() => onPicture(makePicture(blob, `${sample.class} (sample)`))}
            >
              <img src={url} alt="" width={56} height={56} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
