/** The pinned wheels: one a platform, by name, size and hash, whatever Python the user has. */
import { TENSORFLOW_VERSION } from '../engine.js';

export interface PinnedFile {
  /** Project on the Python index. */
  readonly project: string;
  readonly version: string;
  /** For people. */
  readonly title: string;
  /** Tags that pip is asked for; any Python can fetch them. */
  readonly tags: {
    readonly pythonVersion: string;
    readonly implementation: string;
    readonly abi: string;
    readonly platform: string;
  };
  readonly fileName: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A wheel of TensorFlow. */
export interface PinnedWheel extends PinnedFile {
  /** Space needed while it is unpacked, at its peak. */
  readonly peakBytes: number;
  /** Whether the engine was built from it and run; the others follow from their names and contents. */
  readonly proved: boolean;
  /** What is laid beside its library, out of wheels of their own. */
  readonly parts?: readonly PinnedPart[];
}

/** A wheel with libraries that TensorFlow opens when it computes on a card. */
export interface PinnedPart extends PinnedFile {
  /** Members of the wheel, and where each goes in the library's folder. The rest of the wheel is not kept. */
  readonly keeps: Readonly<Record<string, string>>;
  readonly keptBytes: number;
}

const TENSORFLOW = { version: TENSORFLOW_VERSION, title: `TensorFlow ${TENSORFLOW_VERSION}` } as const;

export const CPYTHON_312 = { pythonVersion: '3.12', implementation: 'cp', abi: 'cp312' } as const;

export const WHEELS: Readonly<Record<string, PinnedWheel>> = {
  'linux-x64': {
    project: 'tensorflow-cpu',
    ...TENSORFLOW,
    tags: { ...CPYTHON_312, platform: 'manylinux_2_27_x86_64' },
    fileName: 'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
    bytes: 274_000_871,
    sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
    peakBytes: 1_450_000_000,
    proved: true,
  },
  // There is no tensorflow-cpu for these two; their `tensorflow` has no GPU parts.
  'linux-arm64': {
    project: 'tensorflow',
    ...TENSORFLOW,
    tags: { ...CPYTHON_312, platform: 'manylinux_2_27_aarch64' },
    fileName: 'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl',
    bytes: 281_946_471,
    sha256: 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
    peakBytes: 1_550_000_000,
    proved: false,
  },
  'darwin-arm64': {
    project: 'tensorflow',
    ...TENSORFLOW,
    tags: { ...CPYTHON_312, platform: 'macosx_12_0_arm64' },
    fileName: 'tensorflow-2.21.0-cp312-cp312-macosx_12_0_arm64.whl',
    bytes: 223_488_205,
    sha256: '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712',
    peakBytes: 1_100_000_000,
    proved: false,
  },
};

/** Oldest glibc that the wheels for Linux run on (manylinux_2_27). */
export const OLDEST_GLIBC = '2.27';
