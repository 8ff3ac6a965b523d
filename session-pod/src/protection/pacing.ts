/** How long a person would take. Pure; `random` gives 0 to 1. */

const TYPING_MS = { least: 60, most: 100 } as const
const GAP_MS = { least: 2_000, most: 5_000 } as const
/** Nobody watches a longer "typing": pasted text takes no longer either. */
const MAX_TYPING_MS = 20_000
/** A chat is an open conversation for this long after its contact wrote. */
export const OPEN_MS = 15 * 60_000
/** What a message costs on average, for estimates: the gap and some seconds of typing. */
export const TYPICAL_MS = (GAP_MS.least + GAP_MS.most) / 2 + 3_000

const between = ({ least, most }: { least: number; most: number }, random: number) =>
  least + (most - least) * random

/** Each character has its own speed; their sum is close to the mean, so that one draw for all is jitter enough. */
export function typingMs(characters: number, random: () => number): number {
  return Math.round(Math.min(MAX_TYPING_MS, characters * between(TYPING_MS, random())))
}

/** Between messages to different chats. */
export function gapMs(random: () => number): number {
  return Math.round(between(GAP_MS, random()))
}
