package dev.bulkhead.operator.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.List;

/// Keeps what a watch tells, but for the record of who wrote which field: nothing here asks for
/// that, and it is the larger part of a small object.
public final class LeanStore<T extends HasMetadata> extends BasicItemStore<T> {
  /// Objects of one answer when a watch begins. All of them at once, with their managed fields, are
  /// more than the heap holds that has room for what is kept of them.
  public static final long LISTED_AT_ONCE = 500;

  public LeanStore() {
    super(Cache::metaNamespaceKeyFunc);
  }

  @Override
  public T put(String key, T object) {
    object.getMetadata().setManagedFields(List.of());
    return super.put(key, object);
  }
}
