package revocation_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cadre-confiance/confiance/signature/pkitest"
	"github.com/cadre-confiance/confiance/signature/revocation"
)

func TestFirstOf(t *testing.T) {
	s := newScene(t)
	s.ca.Responder("Répondeur", pkitest.Late())
	old, late := s.fetch(s.responders(), time.Time{})
	require.NoError(t, late)
	both := revocation.FirstOf(nil, s.responders(), s.lists())
	data, err := s.fetch(both, time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 1, "the first has an answer")
	data, err = s.fetch(both, noon)
	require.NoError(t, err)
	require.Len(t, data, 2, "not recent enough: the second is asked too")
	require.Equal(t, old[0].Facts.ID, data[0].Facts.ID)

	data, err = s.fetch(revocation.All(s.responders(), nil, s.lists()), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 2)

	s.ca.Publish(pkitest.BadSignature())
	s.ca.Responder("Répondeur", pkitest.BadSignature())
	for _, source := range []revocation.Source{revocation.FirstOf(s.responders(), s.lists()), revocation.All(s.responders(), s.lists())} {
		data, err = s.fetch(source, time.Time{})
		require.Empty(t, data)
		require.ErrorIs(t, err, revocation.ErrSignature)
		require.ErrorContains(t, err, s.ca.CRLURL())
		require.ErrorContains(t, err, s.ca.OCSPURL())
	}
	for _, source := range []revocation.Source{revocation.FirstOf(), revocation.All(), (*revocation.Static)(nil)} {
		data, err = s.fetch(source, time.Time{})
		require.NoError(t, err)
		require.Empty(t, data)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, source := range []revocation.Source{revocation.FirstOf(s.lists()), revocation.All(s.lists()), s.lists(), s.responders()} {
		_, err = source.Fetch(ctx, s.leaf.DER, s.ca.DER, time.Time{})
		require.ErrorIs(t, err, context.Canceled)
	}
	// A file under the name of the issuer that it did not sign does not keep from asking.
	forged, err := revocation.NewStatic(context.Background(), document(s.ca.CRL(pkitest.WrongKey())))
	require.NoError(t, err)
	s.ca.Publish()
	data, err = s.fetch(revocation.FirstOf(forged, s.lists()), time.Time{})
	require.NoError(t, err)
	require.Len(t, data, 2)
}

func TestAllow(t *testing.T) {
	s := newScene(t)
	refused := errors.New("not on the list")
	var asked []string
	data, err := s.fetch(s.lists(func(o *revocation.Options) {
		o.Allow = func(u *url.URL) error { asked = append(asked, u.Path); return refused }
	}), time.Time{})
	require.ErrorIs(t, err, revocation.ErrAddress)
	require.ErrorIs(t, err, refused)
	require.Empty(t, data)
	require.Equal(t, []string{"/ca2.crl"}, asked)
	require.Empty(t, s.asked())

	user := func(o *revocation.Options) {
		o.More = func([]byte) []string { return []string{"http://user:secret@127.0.0.1/x.crl"} }
	}
	_, err = s.lists(user).Fetch(context.Background(), s.ca.Leaf("Sans adresse", pkitest.Without(pkitest.OIDCRLDistributionPoints)).DER, s.ca.DER, time.Time{})
	require.ErrorIs(t, err, revocation.ErrAddress)
	require.NotContains(t, err.Error(), "secret")

	for address, isPublic := range map[string]bool{
		"127.0.0.1:80": false, "10.1.2.3:80": false, "192.168.1.1:443": false, "169.254.169.254:80": false, "0.0.0.0:80": false, "0.1.2.3:80": false,
		"100.64.1.1:80": false, "[::1]:80": false, "[fe80::1]:80": false, "[fc00::1]:80": false, "[::ffff:10.0.0.1]:80": false, "[64:ff9b::a00:1]:80": false,
		"[2002:a00:1::]:80": false, "224.0.0.1:80": false, "name:80": false, "nothing": false,
		"93.184.216.34:80": true, "[2606:2800:220:1::1]:443": true,
	} {
		err := revocation.RefusePrivate("tcp", address, nil)
		if isPublic {
			require.NoError(t, err, address)
		} else {
			require.ErrorIs(t, err, revocation.ErrAddress, address)
		}
	}
}
