// Device is a program without a browser, on a terminal: it shows a code and a QR code,
// and waits until somebody approved it on their phone or computer (RFC 8628). In two
// terminals:
//
//	go run ./cmd/mortise dev --apply examples/device/apply.yaml
//	cd examples && go run ./device
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

func main() {
	if err := run(context.Background(), "http://localhost:8080", os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, issuer string, out io.Writer) error {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return err
	}
	config := oauth2.Config{ClientID: "tv", Endpoint: provider.Endpoint(), Scopes: []string{"openid", "profile"}}
	asked, err := config.DeviceAuth(ctx)
	if err != nil {
		return err
	}
	picture, err := qr(ctx, issuer, asked.UserCode)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\nOpen %s and enter %s, or scan this.\n", picture, asked.VerificationURI, asked.UserCode)

	tokens, err := config.DeviceAccessToken(ctx, asked) // asks again and again, as often as it may
	if err != nil {
		return err
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return err
	}
	var about struct{ Name string }
	if err := info.Claims(&about); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Hello, %s!\n", about.Name)
	return err
}

// qr has the server draw verification_uri_complete in letters.
func qr(ctx context.Context, issuer, code string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", issuer+"/device/qr.txt?user_code="+url.QueryEscape(code), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	picture, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the QR code: %s", resp.Status)
	}
	return string(picture), err
}
