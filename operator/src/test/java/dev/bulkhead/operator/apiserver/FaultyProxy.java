package dev.bulkhead.operator.apiserver;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/// Stands before an API server and makes it slow, or answers in its place. Speaks plain HTTP, one
/// request per connection; a watch is passed through as it is.
public final class FaultyProxy implements AutoCloseable {

  /// What becomes of one request.
  public sealed interface Fault {
    record None() implements Fault {}

    record Slow(Duration by) implements Fault {}

    /// The API server never sees the request.
    record Refused(int code, String reason) implements Fault {}
  }

  /// Decides by method and path; may be asked by many threads at once.
  public interface Faults {
    Fault of(String method, String path);
  }

  private final ServerSocket server;
  private final URI behind;
  private final Faults faults;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  public FaultyProxy(String apiServerUrl, Faults faults) throws IOException {
    this.behind = URI.create(apiServerUrl);
    this.faults = faults;
    this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    var _ = threads.submit(this::accept);
  }

  public String url() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  private Void accept() throws IOException {
    while (true) {
      var client = server.accept();
      var _ = threads.submit(() -> serve(client));
    }
  }

  private Void serve(Socket client) throws IOException, InterruptedException {
    try (client) {
      var head = readHead(client.getInputStream());
      var words = head.split(" ", 3);
      switch (faults.of(words[0], words[1])) {
        case Fault.None() -> pass(client, head);
        case Fault.Slow(var by) -> {
          TimeUnit.MILLISECONDS.sleep(by.toMillis()); // this is the slowness
          pass(client, head);
        }
        case Fault.Refused(var code, var reason) -> refuse(client, head, code, reason);
      }
    }
    return null;
  }

  private void pass(Socket client, String head) throws IOException {
    try (var there = tls().getSocketFactory().createSocket(behind.getHost(), behind.getPort())) {
      there.getOutputStream().write(bytes(closing(head)));
      Future<Void> upstream =
          threads.submit(
              () -> {
                client.getInputStream().transferTo(there.getOutputStream());
                hangUp(there); // the client has gone away
                return null;
              });
      there.getInputStream().transferTo(client.getOutputStream());
      upstream.cancel(true);
    }
  }

  private static void hangUp(Closeable connection) throws IOException {
    connection.close();
  }

  /// So that the next request comes on a connection of its own.
  private static String closing(String head) {
    return head.toLowerCase(Locale.ROOT).contains("\r\nupgrade:")
        ? head
        : head.replaceFirst("\r\n", "\r\nConnection: close\r\n");
  }

  private static void refuse(Socket client, String head, int code, String reason)
      throws IOException {
    for (var line : head.split("\r\n", -1)) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        client.getInputStream().readNBytes(Integer.parseInt(line.split(":", 2)[1].strip()));
      }
    }
    var body =
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"%s\",\"message\":\"%s\",\"code\":%d}"
            .formatted(reason, "said by the test", code);
    client
        .getOutputStream()
        .write(
            bytes(
                "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nRetry-After: 1\r\nConnection: close\r\n\r\n%s"
                    .formatted(code, reason, body.length(), body)));
  }

  private static String readHead(InputStream in) throws IOException {
    var head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      var next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.write(next);
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Trusts the API server, whoever it is: it is a test's.
  private static SSLContext tls() {
    try {
      var context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Trusting()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Trusting implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.shutdownNow();
  }
}
