export interface LinkedController extends Disposable {
  readonly controller: AbortController;
}

/** A controller that is aborted with a signal, too, until it is disposed of; whichever comes first is the reason. */
export function linkedController(signal: AbortSignal): LinkedController {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  return { controller, [Symbol.dispose]: () => signal.removeEventListener('abort', follow) };
}
