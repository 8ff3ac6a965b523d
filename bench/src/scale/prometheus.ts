/** Reads Prometheus' text format, as far as figures need it. */

export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Label values are taken as they stand: none that is looked at holds a quote or a backslash. */
export function samplesOf(text: string, names: readonly string[]): Sample[] {
  const wanted = new Set(names)
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:]+)(?:\{(.*)\})? (\S+)/.exec(line)
    const [, name = '', labels = '', value] = found ?? []
    if (wanted.has(name)) samples.push({ name, labels: labelsOf(labels), value: Number(value) })
  }
  return samples
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

export function sumOf(samples: readonly Sample[], counts: (sample: Sample) => boolean = () => true): number {
  return samples.reduce((sum, sample) => (counts(sample) ? sum + sample.value : sum), 0)
}

/** Observations up to a bound, as `_bucket` samples tell them; the bound in the histogram's own unit. */
export type Bucket = { readonly upTo: number; readonly count: number }

/** The sum of several histograms of the same buckets, in order. */
export function bucketsOf(samples: readonly Sample[]): Bucket[] {
  const counts = new Map<number, number>()
  for (const { labels, value } of samples) {
    const upTo = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)
    counts.set(upTo, (counts.get(upTo) ?? 0) + value)
  }
  return [...counts].map(([upTo, count]) => ({ upTo, count })).sort((a, b) => a.upTo - b.upTo)
}

/** A quantile as Prometheus' histogram_quantile has it: evenly spread within a bucket. NaN when nothing was observed. */
export function quantileOf(buckets: readonly Bucket[], share: number): number {
  const wanted = share * (buckets.at(-1)?.count ?? 0)
  let below: Bucket = { upTo: 0, count: 0 }
  for (const bucket of buckets) {
    if (bucket.count >= wanted && bucket.count > 0) {
      if (bucket.upTo === Number.POSITIVE_INFINITY) return below.upTo
      const within = (wanted - below.count) / (bucket.count - below.count || 1)
      return below.upTo + (bucket.upTo - below.upTo) * within
    }
    below = bucket
  }
  return Number.NaN
}
