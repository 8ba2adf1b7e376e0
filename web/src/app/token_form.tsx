import { useState } from "preact/hooks";

const KEY = "thimble-token";

/** Kept for as long as the tab is open. */
export function readToken(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function writeToken(token: string): void {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // It is then asked for again.
  }
}

interface Props {
  /** Whether one has been tried. */
  refused: boolean;
  onToken: (token: string) => void;
}

export function TokenForm({ refused, onToken }: Props) {
  const [token, setToken] = useState("");
  return (
    <form
      class="card token"
      onSubmit={(event) => {
        event.preventDefault();
        onToken(token.trim());
      }}
    >
      <h1>This service asks for a token</h1>
      <p>Whoever runs it can give you one. It is kept until you close this tab.</p>
      <div class="token-row">
        <input
          type="password"
          aria-label="Token"
          autocomplete="off"
          spellcheck={false}
          required
          aria-invalid={refused}
          aria-describedby="token-refused"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          Go on
        </button>
      </div>
      <p class="refused" id="token-refused" role="alert">
        {refused && "The service does not know this token."}
      </p>
    </form>
  );
}
