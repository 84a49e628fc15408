import { KubeConfig, type RequestContext } from '@kubernetes/client-node';

/** A kubeconfig whose calls share connections: the official client 2.0 opens one for each. */
export class KeptKubeConfig extends KubeConfig {
  #dispatcher: ReturnType<RequestContext['getDispatcher']>;

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    this.#dispatcher ??= context.getDispatcher();
    if (this.#dispatcher !== undefined) context.setDispatcher(this.#dispatcher);
  }
}
