/** The connection to the server: one stream of updates, and actions. Interprets neither. */

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;

/** Receives this user's updates until `stop()`; reconnects when the server is back. */
export function listen(person, { onnews, onstate }) {
  let socket;
  let timer;
  let pause = FIRST_PAUSE;

  function open() {
    socket = new WebSocket(`ws://${location.host}/events?as=${encodeURIComponent(person)}`);
    socket.onopen = () => {
      pause = FIRST_PAUSE;
      onstate(true);
    };
    socket.onmessage = (event) => onnews(JSON.parse(event.data));
    socket.onclose = () => {
      onstate(false);
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
  }

  open();
  return {
    stop() {
      clearTimeout(timer);
      socket.onclose = socket.onmessage = null;
      socket.close();
    },
  };
}

/** Sends an action; resolves to the error message, or null. */
export async function order(name, fields) {
  try {
    const response = await fetch(`/act/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(fields),
    });
    return (await response.json()).error;
  } catch {
    return "The demo doesn't answer. Check that it's still running.";
  }
}
