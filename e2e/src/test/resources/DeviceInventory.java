import dev.bulkhead.nodeagent.device.inventory.FailedResets;
import dev.bulkhead.nodeagent.device.inventory.InventoryReader;
import dev.bulkhead.nodeagent.device.offer.Giving;
import dev.bulkhead.nodeagent.device.offer.HostUseReader;
import dev.bulkhead.nodeagent.device.offer.OfferPlanner;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/// What the node agent does at each look at its node's hardware, again and again: usage
/// `DeviceInventory ROOT RUNS`. Prints a line for each, milliseconds and how many devices it gives
/// away. `DeviceInventoryBench` compiles it against the packaged agent and runs it in its image.
final class DeviceInventory {
  public static void main(String[] args) throws Exception {
    var sys = Path.of(args[0], "sys");
    var proc = Path.of(args[0], "proc");
    var giving = new Giving(Set.of("gpu", "nvme", "nic", "nic-vf", "usb", "pci"), false);
    var inventory =
        new InventoryReader(
            sys,
            proc,
            Path.of("/usr/share/misc/pci.ids"),
            new FailedResets(sys, Path.of(args[0], "run/cdi")));
    var use = new HostUseReader(sys, proc, Map::of);
    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
      var from = System.nanoTime();
      var offered = OfferPlanner.plan(inventory.read(), use.read(), giving);
      var took = (System.nanoTime() - from) / 1e6;
      System.out.println(took + " " + offered.offers().size());
    }
  }
}
