// Line drawings, 24 units a side, in the colour of the text.

import type { ComponentChildren } from "preact";

function Icon({ size = 20, children }: { size?: number; children: ComponentChildren }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export function ThimbleMark() {
  return (
    <Icon size={26}>
      <path d="M8 4.5a4 1.5 0 0 1 8 0L18 18H6Z" />
      <path d="M5.5 18h13v1.2a1.3 1.3 0 0 1-1.3 1.3H6.8a1.3 1.3 0 0 1-1.3-1.3Z" />
      <path d="M10 8.5h.01M14 8.5h.01M12 11h.01M9.5 13.5h.01M14.5 13.5h.01" />
    </Icon>
  );
}

export function ShirtIcon() {
  return (
    <svg
      class="shirt"
      width="72"
      height="72"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d="M8.5 3.5 3 6l1.7 5 2.3-.8V20.5h10V10.2l2.3.8L21 6l-5.5-2.5a3.5 3 0 0 1-7 0Z" />
    </svg>
  );
}

export function FolderIcon() {
  return (
    <Icon>
      <rect x="3.5" y="4.5" width="17" height="15" rx="2" />
      <circle cx="9" cy="10" r="1.5" />
      <path d="m4 17 5-4 3.5 2.5L16 12l4.5 4" />
    </Icon>
  );
}

export function CameraIcon() {
  return (
    <Icon>
      <path d="M4.5 7.5h3L9 5h6l1.5 2.5h3a1 1 0 0 1 1 1V18a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1V8.5" />
      <path d="M3.5 8.5a1 1 0 0 1 1-1" />
      <circle cx="12" cy="13" r="3.5" />
    </Icon>
  );
}

export function PencilIcon() {
  return (
    <Icon>
      <path d="m4 20 1-4L16.5 4.5l3 3L8 19Z" />
      <path d="m14 7 3 3" />
    </Icon>
  );
}

export function MoonIcon() {
  return (
    <Icon>
      <path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z" />
    </Icon>
  );
}

export function SunIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21" />
      <path d="m5.6 5.6 1 1M17.4 17.4l1 1M5.6 18.4l1-1M17.4 6.6l1-1" />
    </Icon>
  );
}

export function NoticeIcon() {
  return (
    <Icon>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 7.5v5M12 16h.01" />
    </Icon>
  );
}
