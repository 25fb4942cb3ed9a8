{class=0x102,type=0x80,len=4}->tun_metadata0
