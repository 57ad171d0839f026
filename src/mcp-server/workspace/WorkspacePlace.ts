/** What an MCP server knows of the folders of its machine. */
export interface WorkspacePlace {
  /** The installation's own folder, which no task may touch. */
  readonly home: string;
  readonly stateFolder: string;
  /** The folder that the server was started in, absolute. */
  readonly workingFolder: string;
  /** Whether what a client says of its roots is enough: over stdio, where the client itself started the server. */
  readonly trustsRoots: boolean;
}
