import type { Model, Notice } from "./api";
import { NoticeIcon } from "./icons";
import { noticeTitle } from "./words";

interface Props {
  notices: Notice[];
  model: Model | undefined;
}

/** What should be known about an answer, plainly. */
export function Notices({ notices, model }: Props) {
  return (
    <>
      {notices.map((notice) => (
        <div class={`notice ${notice.code}`}>
          <NoticeIcon />
          <p>{notice.message || noticeTitle(notice, model)}</p>
        </div>
      ))}
    </>
  );
}
