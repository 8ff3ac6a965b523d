/**
 * Whether a reply asks for no more marketing. Only a whole message counts: "please stop by tomorrow" is a conversation. Words that are as
 * likely about an appointment or an order (cancel, basta, iptal) are not among them.
 */
const WORDS = [
  // English
  'stop',
  'stop all',
  'unsubscribe',
  'opt out',
  'optout',
  'remove me',
  // German
  'stopp',
  'abmelden',
  'abbestellen',
  'austragen',
  // Spanish, Portuguese
  'baja',
  'dar de baja',
  'darme de baja',
  'no molestar',
  'sair',
  'parar',
  'descadastrar',
  // French, Italian
  'arret',
  'stop sms',
  'desabonner',
  'desinscription',
  'disiscrivi',
  'disiscrivimi',
  // Dutch, Polish, Turkish
  'afmelden',
  'uitschrijven',
  'wypisz',
  'rezygnuje',
  'abonelikten cik',
  // Russian, Ukrainian
  'стоп',
  'отписаться',
  'відписатися',
  // Arabic, Hebrew
  'توقف',
  'ايقاف',
  'الغاء الاشتراك',
  'הסר',
  'הסרה',
  // Hindi, Indonesian
  'रोकें',
  'बंद करो',
  'berhenti',
  // Chinese, Japanese, Korean
  '退订',
  '退訂',
  '停止',
  '配信停止',
  '수신거부',
]

/** The longest message that is looked at. */
const MAX_LENGTH = 120

/** Lower case, without accents, punctuation and emoji, single spaces. */
function plain(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f\u064b-\u065f]/g, '')
    .replace(/ı/g, 'i')
    .replace(/ł/g, 'l')
    .normalize('NFKC')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
}

/** Finds the word of an opt-out in a whole message. */
export type OptOutReader = (text: string) => string | undefined

/** @param more words of the instance, besides the built-in ones */
export function createOptOutReader(more: readonly string[]): OptOutReader {
  const words = new Set([...WORDS, ...more].map(plain).filter(Boolean))
  return (text) => {
    if (text.length > MAX_LENGTH) return undefined
    const word = plain(text)
    return words.has(word) ? word : undefined
  }
}
