import type { TestEvent } from 'node:test/reporters'

/** A reporter that writes the paths of test files in which something failed, one a line. */
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncIterable<string> {
  const told = new Set<string>()
  for await (const { type, data } of events) {
    const file = type === 'test:fail' ? data.file : undefined
    if (!file || told.has(file)) continue
    told.add(file)
    yield `${file}\n`
  }
}
