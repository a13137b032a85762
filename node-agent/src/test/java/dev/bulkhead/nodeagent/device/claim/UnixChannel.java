package dev.bulkhead.nodeagent.device.claim;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/// To a plugin's socket, as kubelet has it.
public final class UnixChannel {
  public static ManagedChannel connect(Path socket, NioEventLoopGroup loop) {
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
        .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
        .eventLoopGroup(loop)
        .usePlaintext()
        .build();
  }

  private UnixChannel() {}
}
