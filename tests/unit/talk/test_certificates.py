"""Certificates as Windows keeps them in the registry."""

import datetime
import struct

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.scom.upgrade.plugins.plugin_utils import certificates


def blob(not_after, subject="gw01.contoso.test", before=()):
    """A store entry: some properties, then the certificate as property 32."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0x1234ABCD)
        .not_valid_before(datetime.datetime(2010, 1, 1))
        .not_valid_after(not_after)
        .sign(key, hashes.SHA256())
    )
    data = b"".join(struct.pack("<III", number, 1, len(content)) + content for number, content in before)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return data + struct.pack("<III", 32, 1, len(der)) + der


@pytest.mark.parametrize("year", [2012, 2049, 2051])
def test_subject_and_end_of_validity_are_read_with_either_form_of_time(year):
    found = certificates.read(blob(datetime.datetime(year, 3, 4, 5, 6, 7)))
    assert found == {"subject": "CN=gw01.contoso.test", "not_after": f"{year}-03-04T05:06:07Z", "serial": "1234ABCD"}


def test_other_properties_before_the_certificate_are_passed_over():
    found = certificates.read(blob(datetime.datetime(2013, 1, 1), before=((3, b"\x01" * 20), (2, b"x" * 300))))
    assert found["not_after"] == "2013-01-01T00:00:00Z"


def test_a_name_outside_ascii_is_read():
    assert certificates.read(blob(datetime.datetime(2013, 1, 1), "gäteway"))["subject"] == "CN=gäteway"


@given(st.binary(max_size=400))
def test_bytes_that_are_no_certificate_are_a_named_error(data):
    with pytest.raises(certificates.Unreadable, match="not a certificate"):
        certificates.read(data)


@given(st.integers(1, 300))
def test_a_truncated_certificate_is_a_named_error(cut):
    whole = _WHOLE
    with pytest.raises(certificates.Unreadable):
        certificates.read(whole[:-cut])


_WHOLE = blob(datetime.datetime(2013, 1, 1))
