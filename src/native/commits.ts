/** What all processes with a database open count together (`native/store/commit_counters.h`). */
export interface NativeCommits {
  /** The number of a commit that begins; within its transaction. */
  begin(): number
  /** It is made, or was given up; before anybody is told. */
  end(number: number): void
  /** The number of the last commit of any process; undefined when one may be under way, or nothing is counted. */
  settled(): number | undefined
}
