import { readSync, writeSync } from 'node:fs'
import { firstDamagedRow, sealRow } from '../native.ts'
import { BOOT_BYTES } from './boot.ts'
import { META_BYTES, PAGE_SIZE } from './data-file.ts'

/*
 * Which transaction of `data.mdb` is on disk with all its pages. It stands twice in that file, in both meta pages, where LMDB
 * writes nothing; the two are written in turn, so that one of them is whole whatever happens:
 *
 *   page + 12288   0   u32  magic
 *                  4   u32  CRC-32C of all other bytes
 *                  8   16 × u8  the boot in which it was written, zeros where that is unknown
 *                  24  144 × u8 what LMDB's meta page of that transaction holds (MDB_meta, from byte 24 of the page)
 *
 * Whoever writes one has the lock of `commits` (flusher.ts), or that of the file alone (recovery.ts).
 */

const MAGIC = 0x4c464b53
const PLACE = 12_288
const BOOT = 8
const META = 24

/** Where the meta data begin in a meta page, and how far in those the number of the transaction stands. */
const META_START = 24
const TRANSACTION = 152 - META_START

/** The bytes of LMDB's meta data. */
const META_LENGTH = META_BYTES - META_START

const RECORD_BYTES = META + META_LENGTH

/** A transaction as LMDB's meta page tells of it. */
export interface Snapshot {
  readonly transaction: number
  readonly meta: Buffer
}

/** One that is on disk, and the boot in which somebody put it there. */
export interface FlushRecord extends Snapshot {
  readonly boot: Buffer
}

/** What a meta page, 0 or 1, holds now. */
export function readSnapshot(file: number, page: number): Snapshot {
  const meta = Buffer.alloc(META_LENGTH)
  readSync(file, meta, 0, META_LENGTH, page * PAGE_SIZE + META_START)
  return { transaction: transactionOf(meta), meta }
}

/** Makes a meta page tell of a transaction, under a number of its own. */
export function writeSnapshot(file: number, page: number, { meta }: Snapshot, transaction: number): void {
  const bytes = Buffer.from(meta)
  bytes.writeBigUInt64LE(BigInt(transaction), TRANSACTION)
  writeAt(file, bytes, page * PAGE_SIZE + META_START)
}

/** The later of the two records; undefined where there is none. */
export function readRecord(file: number): FlushRecord | undefined {
  const [first, second] = [recordAt(file, 0), recordAt(file, 1)]
  return transactionOrNone(first) >= transactionOrNone(second) ? first : second
}

/**
 * Writes over the record of the same transaction, which was written in another boot, or over the earlier one. It is on disk
 * only after a flush of the file.
 */
export function writeRecord(file: number, snapshot: Snapshot, boot: Buffer): void {
  const known = [0, 1].map((page) => transactionOrNone(recordAt(file, page))) as [number, number]
  const same = known.indexOf(snapshot.transaction)
  const page = same >= 0 ? same : known[0] <= known[1] ? 0 : 1
  writeAt(file, encode(snapshot.meta, boot), placeOf(page))
}

/** Takes both away: from now on each commit is flushed before others see it. */
export function eraseRecords(file: number): void {
  for (const page of [0, 1]) writeAt(file, Buffer.alloc(RECORD_BYTES), placeOf(page))
}

/** Puts the record of an empty data file into its bytes. */
export function sealEmpty(bytes: Buffer, boot: Buffer): void {
  encode(bytes.subarray(META_START, META_BYTES), boot).copy(bytes, placeOf(0))
}

const placeOf = (page: number) => page * PAGE_SIZE + PLACE
const transactionOf = (meta: Buffer) => Number(meta.readBigUInt64LE(TRANSACTION))
const transactionOrNone = (record: FlushRecord | undefined) => record?.transaction ?? -1

function recordAt(file: number, page: number): FlushRecord | undefined {
  const bytes = Buffer.alloc(RECORD_BYTES)
  if (readSync(file, bytes, 0, RECORD_BYTES, placeOf(page)) < RECORD_BYTES) return undefined
  if (bytes.readUInt32LE(0) !== MAGIC || firstDamagedRow(bytes, RECORD_BYTES) === 0) return undefined
  const meta = bytes.subarray(META)
  return { transaction: transactionOf(meta), meta, boot: bytes.subarray(BOOT, BOOT + BOOT_BYTES) }
}

function encode(meta: Buffer, boot: Buffer): Buffer {
  const bytes = Buffer.alloc(RECORD_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  boot.copy(bytes, BOOT)
  meta.copy(bytes, META)
  sealRow(bytes)
  return bytes
}

function writeAt(file: number, bytes: Buffer, position: number): void {
  writeSync(file, bytes, 0, bytes.length, position)
}
