/** The part of Dawn's binding for Node, and of the backend of tfjs over it, that is in use. */
export interface Dawn {
  create(flags: readonly string[]): Gpu;
  /** Constants and classes that a browser has as globals. */
  readonly globals: Readonly<Record<string, unknown>>;
}

export interface Gpu {
  requestAdapter(options: {
    readonly powerPreference: 'high-performance';
    readonly forceFallbackAdapter: boolean;
  }): Promise<GpuAdapter | null>;
}

export interface GpuAdapter {
  readonly info: AdapterInfo;
  readonly features: { has(name: string): boolean };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: {
    readonly requiredLimits: Readonly<Record<string, number>>;
  }): Promise<GpuDevice>;
}

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

export interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  destroy(): void;
  addEventListener(
    type: 'uncapturederror',
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
}

export interface WebgpuBackend {
  read(dataId: object): Promise<unknown>;
}

export interface BackendModule {
  readonly WebGPUBackend: new (device: GpuDevice, info: AdapterInfo) => WebgpuBackend;
}
