/** Server-sent events, as the specification reads them, without reconnection. */

export type SseEvent = { readonly id?: string; readonly type: string; readonly data: string }

/** Blocks of lines end with an empty line; comments, among them heartbeats, are dropped. */
export async function* readSse(body: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parseBlock(block)
      if (event) yield event
    }
  }
}

function parseBlock(block: string): SseEvent | undefined {
  const data: string[] = []
  let id: string | undefined
  let type = 'message'
  for (const line of block.split(/\r?\n/)) {
    const [, field = '', value = ''] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? []
    if (field === 'data') data.push(value)
    if (field === 'event') type = value
    if (field === 'id') id = value
  }
  if (data.length === 0) return undefined
  return { ...(id === undefined ? {} : { id }), type, data: data.join('\n') }
}
