"""What the WeCom and WeChat channels share: crypto, XML, the platform's HTTP interface, text by bytes."""
