// A client that knows nothing of dirgate: grpc-go with go-spiffe's credentials, as a Go user of a Directory writes it.
// It makes a call every 100 ms, with retries switched off, and keeps whatever connection grpc-go keeps. Each line of its output is JSON.
// It ends when its standard input does, with a summary.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffegrpc/grpccredentials"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

const (
	method     = "/agntcy.dir.search.v1.SearchService/CountRecords"
	every      = 100 * time.Millisecond
	callWithin = 10 * time.Second
)

func main() {
	socket := flag.String("socket", "", "address of the Workload API")
	address := flag.String("address", "", "address of the Directory")
	server := flag.String("server", "", "SPIFFE ID of the Directory")
	flag.Parse()
	if err := run(*socket, *address, *server); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(socket, address, server string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	serverID, err := spiffeid.FromString(server)
	if err != nil {
		return err
	}
	source, err := workloadapi.NewX509Source(ctx, workloadapi.WithClientOptions(workloadapi.WithAddr(socket)))
	if err != nil {
		return err
	}
	defer source.Close()

	var connections, attempts atomic.Int64
	conn, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(grpccredentials.MTLSClientCredentials(source, source, tlsconfig.AuthorizeID(serverID))),
		grpc.WithDisableRetry(),
		grpc.WithStatsHandler(attemptCounter{&attempts}),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			connections.Add(1)
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}),
	)
	if err != nil {
		return err
	}
	defer conn.Close()

	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	rotations := watchRotations(ctx, source)
	calls, failed := callUntilDone(ctx, conn)
	print(map[string]any{
		"calls": calls, "failed": failed, "attempts": attempts.Load(),
		"connections": connections.Load(), "rotations": rotations.Load(),
	})
	return nil
}

// watchRotations counts the SVIDs after the first, and prints a line for each.
func watchRotations(ctx context.Context, source *workloadapi.X509Source) *atomic.Int64 {
	rotations := new(atomic.Int64)
	go func() {
		current := serial(source)
		for {
			select {
			case <-source.Updated():
				if next := serial(source); next != "" && next != current {
					current = next
					print(map[string]any{"rotation": rotations.Add(1)})
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return rotations
}

func serial(source *workloadapi.X509Source) string {
	svid, err := source.GetX509SVID()
	if err != nil {
		return ""
	}
	return svid.Certificates[0].SerialNumber.String()
}

// callUntilDone starts a call at every tick, whether or not the last one has ended, and prints a line for each that fails.
func callUntilDone(ctx context.Context, conn *grpc.ClientConn) (calls, failed int64) {
	var running sync.WaitGroup
	var failures atomic.Int64
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			running.Wait()
			return calls, failures.Load()
		case <-tick.C:
		}
		calls++
		running.Go(func() {
			start := time.Now()
			if err := call(conn); err != nil {
				failures.Add(1)
				s := status.Convert(err)
				print(map[string]any{"failed": s.Code().String(), "details": s.Message(), "at": start.UTC().Format("15:04:05.000")})
			}
		})
	}
}

// call counts the records; an empty message asks for all of them. A call in flight when the input ends is let end.
func call(conn *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), callWithin)
	defer cancel()
	var answer []byte
	return conn.Invoke(ctx, method, []byte{}, &answer, grpc.ForceCodec(bytesCodec{}))
}

// bytesCodec sends messages as they are.
type bytesCodec struct{}

func (bytesCodec) Name() string                  { return "proto" }
func (bytesCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte{}, data...)
	return nil
}

// attemptCounter counts what grpc-go sends. It sends again by itself, retries switched off or not, what a server refused unread.
type attemptCounter struct{ attempts *atomic.Int64 }

func (c attemptCounter) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.OutHeader); ok {
		c.attempts.Add(1)
	}
}
func (attemptCounter) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (attemptCounter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (attemptCounter) HandleConn(context.Context, stats.ConnStats)                       {}

var output sync.Mutex

func print(line map[string]any) {
	output.Lock()
	defer output.Unlock()
	json.NewEncoder(os.Stdout).Encode(line)
}
