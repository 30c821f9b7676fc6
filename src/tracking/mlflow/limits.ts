/** What one request may hold (mlflow/utils/validation.py of 3.17, docs "REST API": Log Batch). */
export interface Limits {
  readonly metrics: number;
  readonly params: number;
  readonly tags: number;
  /** Bytes of the body. */
  readonly bytes: number;
}

export const LIMITS: Limits = { metrics: 1000, params: 100, tags: 100, bytes: 1_000_000 };
