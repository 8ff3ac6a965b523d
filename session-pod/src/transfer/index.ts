/** Moving a session out of this Warren and into it. */
export { createTransfer, type Transfer } from './transfer.ts'
