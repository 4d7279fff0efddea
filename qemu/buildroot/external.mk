include $(sort $(wildcard $(BR2_EXTERNAL_SYSDEMO_PATH)/package/*/*.mk))
