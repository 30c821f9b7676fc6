export type StreamName = 'stdout' | 'stderr';

/** One line that a trainer printed. */
export interface LogLine {
  readonly stream: StreamName;
  /** When its first part was printed, as Docker wrote it: RFC 3339 to the nanosecond. */
  readonly timestamp: string;
  /** Length as it was printed, without the line feed. */
  readonly bytes: number;
  /** Without the line feed; may hold any other control character. What is not UTF-8 is U+FFFD. */
  readonly text: string;
  /** How much of the line is left out: 0, or the number in the mark at the end of `text`. */
  readonly cutBytes: number;
}
