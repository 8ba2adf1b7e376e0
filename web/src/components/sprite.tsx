import { useAlbum } from "../album";

interface Props {
  picture: number;
  /** Of the longer side, in pixels. */
  size: number;
  label: string;
}

/** One picture of the album, its pixels kept sharp. */
export function Sprite({ picture, size, label }: Props) {
  const style = useAlbum().style(picture, size);
  return style && <span class="sprite" role="img" aria-label={label} style={style} />;
}
