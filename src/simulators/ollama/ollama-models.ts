import { createHash } from 'node:crypto';

/** What a model can do, as `/api/show` names it. */
type OllamaCapability = 'completion' | 'tools' | 'thinking' | 'vision';

/** One installed model. */
export interface OllamaModel {
  /** With its tag; `name` without one means `name:latest`. */
  readonly name: string;
  /** The longest context that the model was trained for. */
  readonly contextTokens: number;
  readonly capabilities: readonly OllamaCapability[];
  /** `general.architecture`; prefix of its keys in `model_info`. Default `qwen3`. */
  readonly architecture?: string;
  /** Lines of the Modelfile's PARAMETERs, as `/api/show` gives them. Default none. */
  readonly parameters?: string;
}

/** The models that are installed where no others are named. */
export const defaultOllamaModels: readonly OllamaModel[] = [
  { name: 'qwen3:8b', contextTokens: 40_960, capabilities: ['completion', 'tools', 'thinking'] },
];

/** Finds a model by its name, the tag `latest` left out or not. */
export function findOllamaModel(models: readonly OllamaModel[], name: string): OllamaModel | undefined {
  const full = withTag(name);
  return models.find((model) => withTag(model.name) === full);
}

/** One line of `/api/tags`. */
export function modelListing(model: OllamaModel): Readonly<Record<string, unknown>> {
  return {
    name: withTag(model.name),
    model: withTag(model.name),
    modified_at: '2026-01-01T00:00:00Z',
    size: 5_225_388_164,
    digest: digest(model),
    details: details(model),
  };
}

/** One line of `/api/ps`. */
export function loadedListing(model: OllamaModel, contextTokens: number): Readonly<Record<string, unknown>> {
  const { modified_at: _unused, ...listing } = modelListing(model);
  return {
    ...listing,
    expires_at: '2026-01-01T00:05:00Z',
    size_vram: 5_225_388_164,
    context_length: contextTokens,
  };
}

/** The body of `/api/show`. */
export function modelDetails(model: OllamaModel): Readonly<Record<string, unknown>> {
  const architecture = architectureOf(model);
  return {
    license: 'Simulated',
    modelfile: `# Simulated\nFROM ${model.name}\n`,
    parameters: model.parameters ?? '',
    template: '{{ .Prompt }}',
    details: details(model),
    model_info: {
      'general.architecture': architecture,
      'general.parameter_count': 8_190_735_360,
      [`${architecture}.context_length`]: model.contextTokens,
      [`${architecture}.embedding_length`]: 4096,
      [`${architecture}.block_count`]: 36,
    },
    capabilities: model.capabilities,
    modified_at: '2026-01-01T00:00:00Z',
  };
}

/** The name that error messages of the real server give to a model of the public registry. */
export function registryName(model: OllamaModel): string {
  const name = model.name.replace(/:latest$/, '');
  return name.includes('/') ? name : `registry.ollama.ai/library/${name}`;
}

function details(model: OllamaModel) {
  const architecture = architectureOf(model);
  return {
    parent_model: '',
    format: 'gguf',
    family: architecture,
    families: [architecture],
    parameter_size: '8.2B',
    quantization_level: 'Q4_K_M',
  };
}

function architectureOf(model: OllamaModel): string {
  return model.architecture ?? 'qwen3';
}

function digest(model: OllamaModel): string {
  return createHash('sha256').update(withTag(model.name)).digest('hex');
}

function withTag(name: string): string {
  return name.includes(':') ? name : `${name}:latest`;
}
