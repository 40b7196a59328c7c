const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** Whether a module from `compiled.ts` runs on this processor. */
export const isSupported = (base64: string): boolean => WebAssembly.validate(bytesOf(base64));

/** The exports of a module from `compiled.ts`; their types are the caller's claim. */
export const instantiate = (base64: string): unknown =>
  new WebAssembly.Instance(new WebAssembly.Module(bytesOf(base64))).exports;
