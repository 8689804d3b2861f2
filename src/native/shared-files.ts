// Files of a database that all its processes have mapped, as the addon shows them.

/** What all processes with a database open count together (`native/store/commit_counters.h`). */
export interface NativeCommits {
  /** The number of a commit that begins; within its transaction. */
  begin(): number
  /** It is made, or was given up; before anybody is told. */
  end(number: number): void
  /** The number of the last commit of any process; undefined when one may be under way, or nothing is counted. */
  settled(): number | undefined
}

/** LMDB's `lock.mdb` (`native/store/lock_file.h`). */
export interface NativeLockFile {
  /** Once LMDB has opened it: no other process destroys its locks from now on. */
  hold(): void
  /** Makes the number of the last commit `least` where it is less: whether it was; undefined where the file cannot be written. */
  raiseTo(least: number): boolean | undefined
  /** Once LMDB has closed the file. */
  close(): void
}
