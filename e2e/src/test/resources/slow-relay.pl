# Takes TCP connections and passes them on to another address; what comes back from there is handed over late, and in order.
# perl slow-relay.pl PORT ADDRESS ITS_PORT MARK SECONDS: MARK is that of the relay's own packets (SO_MARK)
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use List::Util qw(max);
use Socket qw(SOL_SOCKET inet_aton pack_sockaddr_in);
use Time::HiRes qw(sleep time);

use constant SO_MARK => 36; # Linux' asm-generic/socket.h

my ($port, $address, $its_port, $mark, $delay) = @ARGV;

sub connected {
  my $server = IO::Socket::INET->new(Proto => "tcp") or die "socket: $!";
  setsockopt($server, SOL_SOCKET, SO_MARK, pack("i", $mark)) or die "mark: $!";
  $server->connect(pack_sockaddr_in($its_port, inet_aton($address))) or die "connect: $!";
  return $server;
}

sub hand_over {
  my ($to, $data) = @_;
  while (length $data) {
    my $written = syswrite($to, $data) or exit;
    substr($data, 0, $written, "");
  }
}

# No data means the end of a direction.
sub relay {
  my ($client, $server) = @_;
  my $open = IO::Select->new($client, $server);
  my @answers;
  while ($open->count || @answers) {
    my $wait = @answers ? max(0, $answers[0]{due} - time) : undef;
    sleep $wait unless $open->count;
    for my $from ($open->can_read($wait)) {
      my $data = "";
      sysread($from, $data, 65536);
      $open->remove($from) if $data eq "";
      if ($from == $server) {
        push @answers, {due => time + $delay, data => $data};
      } elsif ($data eq "") {
        shutdown($server, 1);
      } else {
        hand_over($server, $data);
      }
    }
    while (@answers && $answers[0]{due} <= time) {
      my $data = (shift @answers)->{data};
      exit if $data eq "";
      hand_over($client, $data);
    }
  }
}

$SIG{CHLD} = "IGNORE";
my $door = IO::Socket::INET->new(LocalPort => $port, Listen => 128, ReuseAddr => 1) or die "listen: $!";
while (1) {
  my $client = $door->accept or next;
  next if fork;
  close $door;
  relay($client, connected());
  exit;
}
