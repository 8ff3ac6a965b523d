/** Who plays in the demonstration. Numbers from the range that German law keeps for films. */
export const PHONE = { number: '4917139200001', pushName: 'Ada' } as const
export const CONTACT = { number: '4917139200002', pushName: 'Grace' } as const
