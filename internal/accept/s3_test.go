package accept_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob/s3blob"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/storagetest"
)

// TestS3 runs the blob cases against a real S3-compatible server, whose program
// EVAULT_S3 names (versitygw).
func TestS3(t *testing.T) {
	t.Parallel()
	program := os.Getenv("EVAULT_S3")
	if program == "" {
		t.Skip("EVAULT_S3 is not set; .ci/run sets it")
	}
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + gateway(t, program)), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("evault", "evault-secret", ""),
	})
	var n atomic.Int64
	storagetest.Blobs(t, func(t *testing.T) storage.Blobs {
		name := fmt.Sprintf("bucket-%d", n.Add(1))
		if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
			t.Fatal(err)
		}
		bucket, err := s3blob.OpenBucket(t.Context(), client, name, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { bucket.Close() })
		blobs, err := blobstore.New(bucket, blobstore.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return blobs
	})
}

// gateway starts the S3 server on a folder and returns its address.
func gateway(t *testing.T, program string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := filepath.Join(t.TempDir(), "s3")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--access", "evault", "--secret", "evault-secret", "--port", addr, "posix", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	for range 100 {
		if res, err := http.Get("http://" + addr); err == nil {
			res.Body.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the S3 server does not answer")
	return ""
}
