/** The keys that count, and the words that stand behind some of them. */

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isInputMessages(at: usize, length: usize): bool {
  return length == 14 && load<u64>(at) == 0x656d5f7475706e69 && load<u64>(at, 6) == 0x736567617373656d;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isOutputText(at: usize, length: usize): bool {
  return length == 11 && load<u64>(at) == 0x745f74757074756f && load<u64>(at, 3) == 0x747865745f747570;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isOutputToolCalls(at: usize, length: usize): bool {
  return (
    length == 17 &&
    load<u64>(at) == 0x745f74757074756f &&
    load<u64>(at, 8) == 0x6c6c61635f6c6f6f &&
    load<u64>(at, 9) == 0x736c6c61635f6c6f
  );
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isRole(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x656c6f72;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isParts(at: usize, length: usize): bool {
  return length == 5 && load<u32>(at) == 0x74726170 && load<u32>(at, 1) == 0x73747261;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isType(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x65707974;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isText(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x74786574;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isUri(at: usize, length: usize): bool {
  return length == 3 && (load<u32>(at) & 0xffffff) == 0x697275;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isImage(at: usize, length: usize): bool {
  return length == 5 && load<u32>(at) == 0x67616d69 && load<u32>(at, 1) == 0x6567616d;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isImageUrl(at: usize, length: usize): bool {
  return length == 9 && load<u64>(at) == 0x72755f6567616d69 && load<u64>(at, 1) == 0x6c72755f6567616d;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isUrl(at: usize, length: usize): bool {
  return length == 3 && (load<u32>(at) & 0xffffff) == 0x6c7275;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isUser(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x72657375;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isChoices(at: usize, length: usize): bool {
  return length == 7 && load<u32>(at) == 0x696f6863 && load<u32>(at, 3) == 0x73656369;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isMessage(at: usize, length: usize): bool {
  return length == 7 && load<u32>(at) == 0x7373656d && load<u32>(at, 3) == 0x65676173;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isContent(at: usize, length: usize): bool {
  return length == 7 && load<u32>(at) == 0x746e6f63 && load<u32>(at, 3) == 0x746e6574;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isToolCalls(at: usize, length: usize): bool {
  return length == 10 && load<u64>(at) == 0x6c61635f6c6f6f74 && load<u64>(at, 2) == 0x736c6c61635f6c6f;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isId(at: usize, length: usize): bool {
  return length == 2 && load<u16>(at) == 0x6469;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isName(at: usize, length: usize): bool {
  return length == 4 && load<u32>(at) == 0x656d616e;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isFunction(at: usize, length: usize): bool {
  return length == 8 && load<u64>(at) == 0x6e6f6974636e7566;
}

// @ts-ignore: a decorator on a function is AssemblyScript's own
@inline
export function isArguments(at: usize, length: usize): bool {
  return length == 9 && load<u64>(at) == 0x746e656d75677261 && load<u64>(at, 1) == 0x73746e656d756772;
}
